// Gives an executable its own glibc: node bin/bun.mjs scripts/standalone/join.ts EXECUTABLE OUTPUT LOADER LIBRARY…
//
// A part is added that holds start.c, the loader and the libraries. The kernel is no longer told of an interpreter, and
// begins there. Everything else stays where it was: the loader, started upon the result, finds the program as it is.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const page = 0x10000; // the largest that arm64 has
const loadable = 1;
const interpreter = 3;

interface Segment {
  type: number;
  flags: number;
  offset: bigint;
  address: bigint;
  fileSize: bigint;
  memorySize: bigint;
  align: bigint;
}

/** The header of a 64-bit little-endian ELF file, of the parts that are looked at here. */
class Elf {
  constructor(readonly bytes: Buffer) {
    if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
      throw new Error("it is no 64-bit ELF executable");
    // A program that can be anywhere would need the loader to know where it has put it.
    if (bytes.readUInt16LE(16) !== 2) throw new Error("it is no executable of fixed addresses");
  }

  get machine(): number {
    return this.bytes.readUInt16LE(18);
  }

  get entry(): bigint {
    return this.bytes.readBigUInt64LE(24);
  }

  set entry(address: bigint) {
    this.bytes.writeBigUInt64LE(address, 24);
  }

  get #table(): number {
    return Number(this.bytes.readBigUInt64LE(32));
  }

  get segments(): Segment[] {
    return Array.from({ length: this.bytes.readUInt16LE(56) }, (_, i) => {
      const at = this.#table + i * 56;
      const long = (offset: number) => this.bytes.readBigUInt64LE(at + offset);
      return {
        type: this.bytes.readUInt32LE(at),
        flags: this.bytes.readUInt32LE(at + 4),
        offset: long(8),
        address: long(16),
        fileSize: long(32),
        memorySize: long(40),
        align: long(48),
      };
    });
  }

  /** As many as before. */
  set segments(segments: Segment[]) {
    for (const [i, one] of segments.entries()) {
      const at = this.#table + i * 56;
      this.bytes.writeUInt32LE(one.type, at);
      this.bytes.writeUInt32LE(one.flags, at + 4);
      const { offset, address, fileSize, memorySize, align } = one;
      for (const [j, value] of [offset, address, address, fileSize, memorySize, align].entries())
        this.bytes.writeBigUInt64LE(value, at + 8 + j * 8);
    }
  }
}

const compilers: Partial<Record<number, string>> = {
  62: "x86_64-linux-gnu-gcc",
  183: "aarch64-linux-gnu-gcc",
};

/** The new part, as it is to be at this address, and where in it the kernel is to begin. */
function compile(
  machine: number,
  address: bigint,
  entry: bigint,
  files: string[],
): { start: bigint; bytes: Buffer } {
  const compiler = compilers[machine];
  if (compiler === undefined) throw new Error(`there is no compiler for machine ${machine}`);
  const folder = mkdtempSync(path.join(tmpdir(), "standalone-"));
  try {
    const table = files.map((_, i) => `.quad file${i}, end${i}`).join("\n");
    const data = files.map((file, i) => `.balign 16\nfile${i}: .incbin "${file}"\nend${i}:`);
    writeFileSync(
      path.join(folder, "files.s"),
      `.section .rodata\n.balign 8\n.globl weir_files\nweir_files:\n${table}\n${data.join("\n")}\n`,
    );
    // Code first, and nothing that could be written.
    writeFileSync(
      path.join(folder, "place.ld"),
      `ENTRY(_start) SECTIONS { . = ${address}; .all : { *(.text.first) *(.text*) *(.rodata*) *(.data.rel.ro*) } /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) } }`,
    );
    const built = path.join(folder, "start");
    run(compiler, [
      "-Os",
      "-ffreestanding",
      "-fno-stack-protector",
      "-fno-pie",
      "-no-pie",
      "-nostdlib",
      "-static",
      "-fno-asynchronous-unwind-tables",
      "-Wall",
      "-Werror",
      "-Wl,--build-id=none",
      `-DFILES=${files.length}`,
      `-DENTRY=${entry}UL`,
      "-T",
      path.join(folder, "place.ld"),
      "-o",
      built,
      path.join(import.meta.dir, "start.c"),
      path.join(folder, "files.s"),
    ]);
    const flat = path.join(folder, "flat");
    run(compiler.replace(/gcc$/, "objcopy"), ["-O", "binary", "--only-section=.all", built, flat]);
    return { start: new Elf(readFileSync(built)).entry, bytes: readFileSync(flat) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
function run(program: string, args: string[]): void {
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw new Error(`${program} is not installed`, { cause: error });
  if (status !== 0) throw new Error(`${program} failed:\n${stderr}`);
}

const roundUp = (value: bigint) => ((value + BigInt(page) - 1n) / BigInt(page)) * BigInt(page);

const [from, to, ...files] = process.argv.slice(2);
if (!from || !to || files.length < 2)
  throw new Error("usage: join.ts EXECUTABLE OUTPUT LOADER LIBRARY…");
const elf = new Elf(readFileSync(from));
const { segments } = elf;
const kept = segments.filter(({ type }) => type !== interpreter);
if (kept.length !== segments.length - 1) throw new Error("it has no interpreter to begin with");
const loads = kept.filter(({ type }) => type === loadable);
const address = roundUp(
  loads.map((one) => one.address + one.memorySize).reduce((a, b) => (a > b ? a : b)),
);
const { start, bytes: part } = compile(elf.machine, address, elf.entry, files);
const offset = roundUp(BigInt(elf.bytes.length));
const size = BigInt(part.length);
const added = {
  type: loadable,
  flags: 5,
  offset,
  address,
  fileSize: size,
  memorySize: size,
  align: BigInt(page),
};
// Those that are loaded stand in the order of their addresses.
const after = kept.lastIndexOf(loads.at(-1)!) + 1;
elf.segments = kept.toSpliced(after, 0, added);
elf.entry = start;
writeFileSync(
  to,
  Buffer.concat([elf.bytes, Buffer.alloc(Number(offset) - elf.bytes.length), part]),
);
chmodSync(to, 0o755);
