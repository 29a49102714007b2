import base from '../../jest.config.mjs';

/** The pages in a browser: `npm run test:pages`. */
const { coverageThreshold: _, ...config } = base;
export default { ...config, rootDir: '../..', testRegex: ['test/pages/.*\\.browser\\.ts$'], testTimeout: 600_000 };
