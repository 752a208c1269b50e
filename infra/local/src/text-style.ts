/** Marks text for a terminal; leaves it alone where colours would be noise. */
export interface TextStyle {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  accent(text: string): string;
}

/** Colours only on a terminal that can show them, and never against NO_COLOR. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const refused = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  return stream.isTTY === true && !refused;
}

export function textStyle(coloured: boolean): TextStyle {
  const mark =
    (on: number, off: number) =>
    (text: string): string =>
      coloured ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: mark(1, 22),
    dim: mark(2, 22),
    good: mark(32, 39),
    bad: mark(31, 39),
    warn: mark(33, 39),
    accent: mark(36, 39),
  };
}
