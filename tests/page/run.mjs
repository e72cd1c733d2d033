// The page's logic without a browser: bundles units.mjs with the page's sources and runs it: node run.mjs FOLDER

import { createRequire } from "node:module";
import { pathToFileURL, fileURLToPath } from "node:url";
import { join } from "node:path";

const desktop = fileURLToPath(new URL("../../web/desktop/package.json", import.meta.url));
const { rolldown } = await import(pathToFileURL(createRequire(desktop).resolve("rolldown")));
const bundle = await rolldown({
  input: fileURLToPath(new URL("units.mjs", import.meta.url)),
  platform: "node",
  external: /^node:/,
});
const file = join(process.argv[2], "units.mjs");
await bundle.write({ file, format: "esm" });
await import(pathToFileURL(file));
