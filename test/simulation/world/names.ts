/** The one installation and region of the world, and the namespace of its locks. */
export const cluster = "simulated";
export const region = "us-east-1";
export const namespace = "ns";
