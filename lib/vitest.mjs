// For Vitest's setupFiles.

// @ts-ignore: the user's
import { afterAll, afterEach, expect } from 'vitest';

import { install } from './matchers/install.js';
import { demandNone, demandNoneAtAll } from './matchers/pending.js';

install(expect, (/** @type {any} */ { task }) => task);
// Among concurrent tests the common `expect` takes the one that began last for its own.
afterEach((/** @type {any} */ { task }) => { if (!task.concurrent) demandNone(task); });
afterAll(demandNoneAtAll);
