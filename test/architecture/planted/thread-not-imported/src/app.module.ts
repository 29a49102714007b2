import { thread } from './projector-thread.js';
export const app = thread;
