import 'reflect-metadata';

import { createApp } from './app.module.js';
import { ConfigError, configOf } from './config.js';

const complain = (message: string, code: number): never => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const start = async (): Promise<void> => {
  const config = configOf(process.env, process.argv.slice(2));
  const { url, failed, close } = await createApp(config);
  process.stdout.write(`Tower Ledger is ready at ${url} (ledger in ${config.dataDir})\n`);

  let closing = false;
  let exitCode = 0;
  const stop = async () => {
    if (closing) return;
    closing = true;
    try {
      await close();
      process.exit(exitCode);
    } catch (error) {
      complain(`Closing failed: ${String(error)}`, 1);
    }
  };
  // EX_IOERR of sysexits.h, so that a supervisor starts the server again. Open requests get a second for their answers.
  void failed.then(() => {
    closing = true;
    exitCode = 74;
    setTimeout(() => process.exit(exitCode), 1000);
    void close().finally(() => process.exit(exitCode));
  });
  // Not Nest's enableShutdownHooks: it sends the signal again, so that a clean end would not exit with 0.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

start().catch((error: unknown) => {
  if (error instanceof ConfigError) complain(error.message, 2);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined) complain(`Tower Ledger cannot start: ${message}`, 1);
  complain(`Tower Ledger cannot start: ${error instanceof Error ? (error.stack ?? message) : String(error)}`, 1);
});
