import { defineConfig } from "vite";

const server = process.env.FSORCH_URL ?? "http://127.0.0.1:8700";

export default defineConfig({
  // Preact by the compiler's own JSX support: no plugin, no Babel.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../fsorch_web/static",
    emptyOutDir: true,
    target: "es2022",
    // The server forbids inline content, so nothing becomes a data: address and no inline script is added.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` shows the page of a running fsorch (FSORCH_URL) with the sources as they are.
  server: { proxy: { "/api": server, "/socket.io": { target: server, ws: true } } },
});
