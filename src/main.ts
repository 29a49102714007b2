import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';

import { createApp } from './app.module.js';
import { ConfigError, configOf } from './config.js';

// What is kept is small and what passes through is much: left alone, V8 lets its heap grow to several times of what is kept.
setFlagsFromString('--heap-growing-percent=20');
setFlagsFromString('--semi-space-growth-factor=1');

const complain = (message: string, code: number): never => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const start = async (): Promise<void> => {
  const config = configOf(process.env);
  const { url, failed, close } = await createApp(config);
  process.stdout.write(`Tower Ledger is ready at ${url} (ledger in ${config.dataDir})\n`);

  let closing = false;
  const stop = async () => {
    if (closing) return;
    closing = true;
    try {
      await close();
      process.exit(0);
    } catch (error) {
      complain(`Closing failed: ${String(error)}`, 1);
    }
  };
  // EX_IOERR of sysexits.h, so that a supervisor starts the server again. Open requests get a second for their answers.
  void failed.then(() => {
    closing = true;
    setTimeout(() => process.exit(74), 1000);
    void close().finally(() => process.exit(74));
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

start().catch((error: unknown) => {
  if (error instanceof ConfigError) complain(error.message, 2);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined) complain(`Tower Ledger cannot start: ${message}`, 1);
  complain(`Tower Ledger cannot start: ${error instanceof Error ? (error.stack ?? message) : String(error)}`, 1);
});
