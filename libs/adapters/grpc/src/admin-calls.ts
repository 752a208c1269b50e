import type { Server } from "@grpc/grpc-js";
import { decodeMessage } from "@holdfast/api/codec/decode-message";
import { checkPage } from "@holdfast/api/codec/query-codec";
import { malformedRequest } from "@holdfast/api/codec/unary-codec";
import {
  AdminServiceService,
  GetPlacementResponse,
  GetVersionResponse,
  ListRegionsResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  ListShardsResponse,
  LocateLockRequest,
  LocateLockResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import type { Clock } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import { checkName, checkNamespace } from "@holdfast/core/lock/name";
import type { AdminTier } from "@holdfast/engine/ports/admin-tier";
import { whole } from "./admin-messages.ts";
import { register } from "./lock-calls.ts";
import { serveReadmission } from "./readmission-calls.ts";
import { asBuffer } from "./unary-handler.ts";

const pageSizeDefault = 100;

/** Registers AdminService. */
export function serveAdmin(server: Server, admin: AdminTier, clock: Clock): void {
  register(server, AdminServiceService.getVersion.path, clock, () => {
    const about = admin.about();
    return GetVersionResponse.encode({ ...about, uptimeMs: whole(about.uptimeMs) }).finish();
  });
  register(server, AdminServiceService.getPlacement.path, clock, async () => {
    const table = await admin.placement();
    if (isFailure(table)) return table;
    const runs = table.runs.map((run) => ({ ...run, movingTo: run.movingTo ?? "" }));
    return GetPlacementResponse.encode({
      region: table.region,
      version: whole(table.version),
      shards: [...table.shards],
      runs,
    }).finish();
  });
  register(server, AdminServiceService.listShards.path, clock, async () => {
    const shards = (await admin.shards()).map((shard) => ({
      ...shard,
      endpoints: [...shard.endpoints],
      epoch: whole(shard.epoch),
      written: shard.written && { ...shard.written, hash: asBuffer(shard.written.hash) },
      members: shard.members.map((member) => ({
        ...member,
        databaseBytes: whole(member.databaseBytes),
      })),
    }));
    return ListShardsResponse.encode({ shards }).finish();
  });
  register(server, AdminServiceService.locateLock.path, clock, async (request) => {
    const asked = decodeMessage(LocateLockRequest, request);
    if (asked === undefined) return malformedRequest();
    const found = checkNamespace(asked.namespace) ?? checkName(asked.name);
    if (found !== undefined) return found;
    const place = await admin.locate(asked.namespace, asked.name);
    if (isFailure(place)) return place;
    const placementVersion = whole(place.placementVersion);
    return LocateLockResponse.encode({ ...place, placementVersion }).finish();
  });
  register(server, AdminServiceService.listRegions.path, clock, async () => {
    const regions = (await admin.regions()).map(({ global, ...region }) => ({
      ...region,
      endpoints: [...region.endpoints],
      global: global && { ...global, generation: whole(global.generation) },
    }));
    return ListRegionsResponse.encode({ regions }).finish();
  });
  register(server, AdminServiceService.listSessions.path, clock, async (request) => {
    const asked = decodeMessage(ListSessionsRequest, request);
    if (asked === undefined) return malformedRequest();
    const query = { ...asked, pageSize: asked.pageSize || pageSizeDefault };
    const found = checkPage(query);
    if (found !== undefined) return found;
    const page = await admin.sessions(query);
    if (isFailure(page)) return page;
    return ListSessionsResponse.encode({
      sessions: page.sessions.map((session) => ({
        ...session,
        remainingMs: Math.max(0, Math.floor(session.remainingMs)),
      })),
      nextPageToken: page.nextPageToken,
    }).finish();
  });
  serveReadmission(server, admin);
}
