import config from './jest.config.mjs';

export default {
  ...config,
  testEnvironment: '@stryker-mutator/jest-runner/jest-env/node',
  testMatch: ['<rootDir>/test/kernel/dates.spec.ts'],
};
