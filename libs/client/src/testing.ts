export { ManualClock } from "@holdfast/base/manual-clock";
export { FakeHoldfast } from "./testing/fake-holdfast.ts";
