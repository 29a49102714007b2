import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addToken, revokeToken } from '../../src/http/token-file.js';
import { closeRunning, startServer, stopServer, tempFolder, type Server } from '../http/server.js';
import { textOf } from './html.js';
