import type { Edge, Output } from "../edge.ts";

type Colour = "bold" | "dim" | "red" | "green" | "yellow";

const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** Colours text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours for `output`: none into a pipe, with NO_COLOR (no-color.org), or on a dumb terminal. */
export function paintFor(output: Output, env: Edge["env"]): Paint {
  const plain = !output.isTerminal || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  if (plain) return (_colour, text) => text;
  return (colour, text) => {
    const [on, off] = codes[colour];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
