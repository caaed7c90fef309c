/** The whole text of a reply of somebody else's, as long as it has no more than `largest` bytes.
 * @throws {RangeError} where it has more; `TypeError` where it is not UTF-8 */
export async function textOf({ body }: Pick<Response, "body">, largest: number): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      size += part.value.length;
      if (size > largest) throw new RangeError(`the answer is longer than ${largest} bytes`);
      text += decoder.decode(part.value, { stream: true });
    }
    return text + decoder.decode();
  } finally {
    reader?.cancel().catch(() => {}); // what is left of it is of no interest
  }
}
