/** The version of Holdfast that every service says it is. */
export const version = "0.1.0";
