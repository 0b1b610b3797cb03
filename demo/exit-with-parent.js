'use strict';

// Preloaded into the server: when the demo is killed so hard that it cannot stop its server, the server goes too.

process.once('disconnect', () => process.exit());
