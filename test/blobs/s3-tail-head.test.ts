import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ExpectedPart, maxHead, readHead, requestHead } from "../../src/blobs/s3/tail-head.ts";

const expected: ExpectedPart = { range: { first: 10, last: 29 }, size: 40, etag: '"abc-2"' };
const fields = ["Content-Range: bytes 10-29/40", "content-length:20", 'ETag: "abc-2" ', "Date: x"];
const head = (lines: readonly string[], status = "HTTP/1.1 206 Partial Content") =>
  `${[status, ...lines].join("\r\n")}\r\n\r\n`;
const read = (text: string) => readHead(Buffer.from(text, "latin1"), expected);

describe("the head of the answer to a tail", () => {
  test("is read wherever it is cut, and with whatever order and other fields it has", () => {
    const name = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/);
    const value = fc.stringMatching(/^[\t -~\x80-\xff]{0,100}$/);
    const others = fc.array(fc.tuple(name, value).map(([a, b]) => `${a}:${b}`));
    const all = others.chain((lines) =>
      fc.shuffledSubarray([...fields, ...lines], { minLength: fields.length + lines.length }),
    );
    fc.assert(
      fc.property(all, fc.nat(), fc.string(), (lines, cut, body) => {
        const text = head(lines);
        const part = text.slice(0, cut % text.length);
        expect(read(part)).toBe("more");
        expect(read(text + body)).toBe(text.length);
      }),
    );
  });

  test("is taken for nothing when it is garbage: no error, and never the body", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2 * maxHead }), (bytes) => {
        expect(["more", "another"]).toContain(readHead(bytes, expected) as string);
        const begun = Buffer.concat([Buffer.from("HTTP/1.1 206 x\r\n"), bytes]);
        expect(["more", "another"]).toContain(readHead(begun, expected) as string);
      }),
    );
  });

  test("is refused with one byte of it changed, unless that changes nothing that counts", () => {
    const text = head(fields.slice(0, 3));
    fc.assert(
      fc.property(fc.nat(text.length - 5), fc.integer({ min: 0x21, max: 0x7e }), (at, code) => {
        const char = String.fromCharCode(code);
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        const isInReason = at > "HTTP/1.1 206".length && at < text.indexOf("\r");
        // Names, and the unit of the range, may be written in capitals.
        const isSame = changed.toLowerCase() === text.toLowerCase();
        const isBeforeValues = at > text.indexOf("\r") && at < text.indexOf('"');
        if (isInReason || (isSame && isBeforeValues)) return;
        expect(read(changed) === text.length).toBe(changed === text);
      }),
      { numRuns: 2000 },
    );
  });

  const without = (index: number) => fields.filter((_, i) => i !== index);
  test.each([
    ["the whole", head(fields, "HTTP/1.1 200 OK")],
    ["another version", head(fields, "HTTP/1.0 206 Partial Content")],
    ["another status that begins like it", head(fields, "HTTP/1.1 2061 x")],
    ["something before the answer", head(["", ...fields], "HTTP/1.1 100 Continue")],
    ["another part", head([...without(0), "Content-Range: bytes 10-28/40"])],
    ["another object", head([...without(0), "Content-Range: bytes 10-29/41"])],
    ["no part", head(without(0))],
    ["another length", head([...without(1), "Content-Length: 21"])],
    ["a length with a sign", head([...without(1), "Content-Length: +20"])],
    ["a length as two", head([...without(1), "Content-Length: 20, 20"])],
    ["no length", head(without(1))],
    ["two lengths", head([...fields, "Content-Length: 20"])],
    ["another ETag", head([...without(2), 'ETag: "abc-3"'])],
    ["a weak ETag", head([...without(2), 'ETag: W/"abc-2"'])],
    ["no ETag", head(without(2))],
    ["two ETags", head([...fields, 'ETag: "abc-2"'])],
    ["chunks", head([...fields, "Transfer-Encoding: chunked"])],
    ["chunks, twice said", head([...fields, "Transfer-Encoding: a", "transfer-encoding: b"])],
    ["a field over two lines", head([...fields, " folded: x"])],
    ["a space before the colon", head([...fields, "x : y"])],
    ["a line without a colon", head([...fields, "x"])],
    ["a line feed alone", head([...fields, "x: a\nContent-Length: 3"])],
    ["a carriage return alone", head([...fields, "x: a\rb"])],
    ["a zero byte", head([...fields, "x: a\0"])],
    ["a head that is too long", head([...fields, `x: ${"y".repeat(maxHead)}`])],
    ["one that has no end", `HTTP/1.1 206 x\r\nx: ${" ".repeat(maxHead)}`],
  ])("is refused: %s", (_, text) => {
    expect(read(text)).toBe("another");
  });
});

test("a request is sent with lines that are ASCII alone: with others there is none", () => {
  const url = new URL("https://bucket.test:9000/a/b%20c?x=y");
  expect(requestHead(url, { range: "bytes=1-2" })).toBe(
    "GET /a/b%20c?x=y HTTP/1.1\r\nhost: bucket.test:9000\r\nrange: bytes=1-2\r\n" +
      "accept-encoding: identity\r\nconnection: close\r\n\r\n",
  );
  for (const wrong of ["a\r\nb: c", "a\nb", "a\0", "é", "\u{1f600}"]) {
    expect(requestHead(url, { "if-match": wrong })).toBeUndefined();
  }
});
