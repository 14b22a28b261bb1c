import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** Where `vite dev` finds a board: `callboard serve --port 4680`. */
const board = process.env['CALLBOARD_DEV_URL'] ?? 'http://127.0.0.1:4680'

export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // A font inlined as data: would be blocked by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': { target: board, changeOrigin: true },
      '/ws': { target: board, ws: true, changeOrigin: true },
    },
  },
})
