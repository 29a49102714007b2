import config from '../../jest.config.mjs';

/** The specs that may kill a mutant: patterns, by commas. Every mutant loads all of these files, so fewer are faster. */
const specs = process.env['MUTANTS_SPECS']?.split(',') ?? ['test/kernel', 'test/domain'];

export default {
  ...config,
  rootDir: '../..',
  testEnvironment: '@stryker-mutator/jest-runner/jest-env/node',
  testRegex: specs.map((spec) => `/${spec}[^/]*(/.*)?\\.spec\\.ts$`),
};
