/** A terminal narrower than this is beyond help. */
const widthMin = 20;

/**
 * Breaks `text` at blanks so that no line is longer than `columns`, the first beginning `used`
 * columns in and the others indented by `indent`. A longer word stays whole; so does everything
 * without `columns`.
 */
export function wrapText(
  text: string,
  columns: number | undefined,
  indent: number,
  used = indent,
): string {
  if (columns === undefined || columns - indent < widthMin) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const room = columns - (lines.length === 0 ? used : indent);
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
