import type { Model } from "./model.ts";
import type { Solo } from "./solo.ts";
import { messageScenes, type Scene, turnScenes } from "./story.ts";

/** What happens once a client is left alone. */
export function soloScenes(model: Model, { client, steps }: Solo): Scene[] {
  const at = { kind: "proposer" as const, index: client };
  const scenes: Scene[] = [{ kind: "note", at, text: "from here on nobody else does anything" }];
  for (const step of steps) {
    if (step.kind === "deliver")
      scenes.push(...messageScenes(model, step.region, step.message, ""));
    else scenes.push(...turnScenes(model, client, step.turn, step.before));
  }
  return scenes;
}
