import { describe, expect, test } from "bun:test";
import { CurrentCredentials } from "../../src/blobs/s3/credentials.ts";
import { element, elements, escapeXml } from "../../src/blobs/s3/xml.ts";
import { SteppedClock } from "../fakes/clock.ts";

describe("credentials from a file", () => {
  const file = (id: string) => `[default]\naws_access_key_id=${id}\naws_secret_access_key=s\n`;

  test("are read again after a minute, at once when they were refused, and kept while the file is away", () => {
    const clock = new SteppedClock();
    let text: string | undefined = file("one");
    const credentials = new CurrentCredentials(
      { kind: "file", file: "f", profile: "default" },
      clock,
      () => {
        if (text === undefined) throw new Error("not there");
        return text;
      },
    );
    const id = () => credentials.get().accessKeyId;
    expect(id()).toBe("one");
    text = file("two");
    expect(id()).toBe("one");
    clock.step(60_000);
    expect(id()).toBe("two");
    text = file("three");
    credentials.doubt();
    expect(id()).toBe("three");
    text = undefined;
    clock.step(60_000);
    expect(id()).toBe("three");
  });

  test("that are nowhere are a denial", () => {
    const source = { kind: "file", file: "f", profile: "other" } as const;
    const credentials = new CurrentCredentials(source, new SteppedClock(), () => file("one"));
    expect(() => credentials.get()).toThrow("the bucket denies access");
  });
});

describe("documents of S3", () => {
  test("elements are found with their texts unescaped", () => {
    const xml = `<A xmlns="x"><K>a &amp; &#x62;&#99;&lt;&quot;</K><K/><K>2</K></A>`;
    expect(element(xml, "K")).toBe('a & bc<"');
    expect(elements(xml, "K")).toHaveLength(2);
    expect(element(xml, "L")).toBeUndefined();
    expect(element(`<K>${escapeXml(`"<&>`)}</K>`, "K")).toBe(`"<&>`);
    expect(element("<K>&#1114112;&unknown;</K>", "K")).toBe("&#1114112;&unknown;");
  });
});
