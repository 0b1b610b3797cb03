// For Vitest's setupFiles.

// @ts-ignore: the user's
import { afterEach, expect } from 'vitest';

import { install } from './matchers/install.js';

install({ expect, afterEach });
