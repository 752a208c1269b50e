import { Metadata, type Server, type ServerWritableStream } from "@grpc/grpc-js";
import { decodeMessage } from "@holdfast/api/codec/decode-message";
import { malformedRequest } from "@holdfast/api/codec/unary-codec";
import {
  AdminServiceService,
  ReadmitRegionRequest,
  ReadmitRegionResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { checkRegion } from "@holdfast/core/lock/name";
import type { AdminTier } from "@holdfast/engine/ports/admin-tier";
import { whole } from "./admin-messages.ts";
import { cancellationOf } from "./call-context.ts";
import { statusError } from "./status-error.ts";
import { asBuffer, passThrough, tooLarge } from "./unary-handler.ts";

const notOffered = failure(
  "UNIMPLEMENTED",
  "This router has no coordinator, so there is no global tier to admit a region to: set " +
    "HOLDFAST_COORDINATORS.",
);

/** Registers AdminService.ReadmitRegion. */
export function serveReadmission(server: Server, admin: AdminTier): void {
  server.register(
    AdminServiceService.readmitRegion.path,
    (call: ServerWritableStream<Buffer, Buffer>) => void readmit(call, admin),
    passThrough,
    passThrough,
    "serverStream",
  );
}

async function readmit(
  call: ServerWritableStream<Buffer, Buffer>,
  admin: AdminTier,
): Promise<void> {
  const cancellation = cancellationOf(call);
  const region = regionIn(call.request);
  if (typeof region !== "string" || admin.readmit === undefined) {
    call.emit("error", statusError(typeof region === "string" ? notOffered : region));
    return;
  }
  call.sendMetadata(new Metadata());
  let behind = false;
  call.on("drain", () => {
    behind = false;
  });
  const outcome = await admin.readmit(
    region,
    ({ registersCopied, step }) => {
      // The next one says more, so none is kept for a client that reads slowly.
      if (!behind) behind = !call.write(message({ registersCopied, step }));
    },
    cancellation,
  );
  if (isFailure(outcome)) {
    call.emit("error", statusError(outcome));
    return;
  }
  const { registersCopied, generation } = outcome;
  call.write(message({ registersCopied, step: "admitted", generation }));
  call.end();
}

function message(said: { registersCopied: number; step: string; generation?: number }): Buffer {
  const { registersCopied, step, generation } = said;
  return asBuffer(
    ReadmitRegionResponse.encode({
      registersCopied: whole(registersCopied),
      step,
      done: generation !== undefined,
      generation: whole(generation ?? 0),
    }).finish(),
  );
}

function regionIn(request: Buffer): string | Failure {
  const large = tooLarge(request);
  if (large !== undefined) return large;
  const asked = decodeMessage(ReadmitRegionRequest, request);
  if (asked === undefined) return malformedRequest();
  return checkRegion(asked.region) ?? asked.region;
}
