import path from "node:path";
import type { BunPlugin } from "bun";

/** One file of the console, as browsers load it. */
export interface ConsoleFile {
  /** Below `/`, without a slash before: `index.html`, `assets/index-6mqcx0wc.js`. */
  path: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const entry = path.join(import.meta.dir, "../../../web/index.html");

/**
 * The console speaks English; React Aria brings its few words in thirty-four languages, which would be a fifth of all
 * that is loaded.
 */
const onlyEnglish: BunPlugin = {
  name: "only English",
  setup(build) {
    build.onResolve({ filter: /\/intl\/(?:.+\/)?(?!en-US)[a-z]{2}-[A-Z]{2}\.m?js$/ }, () => ({
      path: "no-words",
      namespace: "weir",
    }));
    build.onLoad({ filter: /./, namespace: "weir" }, () => ({
      contents: "export default {};",
      loader: "js",
    }));
  },
};

/** Makes the console of the sources in `web/`; throws what stands in the way, with the place. */
export async function bundleConsole(): Promise<ConsoleFile[]> {
  const { outputs } = await Bun.build({
    entrypoints: [entry],
    target: "browser",
    splitting: true,
    minify: true,
    // Nothing of the server's environment may come into it.
    env: "disable",
    define: { "process.env.NODE_ENV": '"production"' },
    publicPath: "/",
    naming: {
      entry: "[name].[ext]",
      chunk: "assets/[name]-[hash].[ext]",
      asset: "assets/[name]-[hash].[ext]",
    },
    plugins: [onlyEnglish],
  });
  return Promise.all(
    outputs.map(async (output) => ({
      path: output.path.replace(/^\.\//, ""),
      type: output.type,
      bytes: new Uint8Array(await output.arrayBuffer()),
    })),
  );
}
