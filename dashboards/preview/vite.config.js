import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // The dashboards as they are committed.
  publicDir: here('../../grafana/dashboards'),
  // Its default export is lost on the way from CommonJS.
  resolve: { alias: { 'react-custom-scrollbars-2': here('src/scrollbars.jsx') } },
  build: { chunkSizeWarningLimit: 20_000 },
  preview: { proxy: { '/api': process.env.PROMETHEUS ?? 'http://127.0.0.1:9090' } },
  esbuild: { jsx: 'automatic' },
});
