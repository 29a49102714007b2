export const machine = [process, console, crypto, fetch, performance, setTimeout, setInterval, setImmediate, queueMicrotask, globalThis];
