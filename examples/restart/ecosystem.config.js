'use strict';

// pm2 start examples/restart/ecosystem.config.js
module.exports = {
  apps: [{
    name: 'app',
    script: `${__dirname}/app.js`,
    kill_timeout: 25_000, // its patience with a SIGTERM: more than the app's deadline
    env: { DEADLINE_MS: '20000' },
  }],
};
