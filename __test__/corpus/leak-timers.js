'use strict';

const { application, request, serve } = require('./support.js');

module.exports = {
  name: 'timers',
  leaks: true,
  why: 'each job starts a heartbeat of a minute, and only jobs that fail stop theirs',
  start() {
    const kept = application(18);
    let jobs = 0;
    return () => {
      serve(6);
      for (let i = 0; i < 3; i += 1) {
        jobs += 1;
        const job = { id: jobs, input: request(jobs, 4000), beats: 0, product: kept[jobs % kept.length] };
        const heartbeat = setInterval(() => { job.beats += 1; }, 60_000);
        heartbeat.unref();
        if (jobs % 10 === 0) clearInterval(heartbeat);
      }
    };
  },
};
