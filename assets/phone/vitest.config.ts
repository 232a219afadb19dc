import { defineConfig } from 'vitest/config'

// A busy machine is slow, and nothing here measures.
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 } })
