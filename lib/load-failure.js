'use strict';

/**
 * Why native.js could not be loaded: the cause, and what to do about it. The generated loader tries
 * several files and packages and chains its errors by `cause`, with their messages but not their codes;
 * so messages it is.
 *
 * @param {unknown} error
 * @param {{ platform: string, arch: string, versions: NodeJS.ProcessVersions, permission?: unknown }} [runtime]
 */
function explainLoadFailure(error, runtime = process) {
  const { platform, arch, versions } = runtime;
  const messages = messagesOf(error);
  /** @param {RegExp} pattern */
  const said = (pattern) => messages.find((message) => pattern.test(message));

  if (said(/addons? (is|are) disabled/i)) {
    return runtime.permission === undefined
      ? 'Node was started with --no-addons, which forbids native addons. Start it without.'
      : "Node's permission model forbids native addons. Add --allow-addons to the node command (or NODE_OPTIONS).";
  }
  const denied = said(/access to this API has been restricted|requires (ffi|read|all) access|ERR_ACCESS_DENIED|NotCapable/i);
  if (denied) {
    return versions.deno === undefined
      ? `Node's permission model forbids reading the addon's file (${firstLine(denied)}). Allow it with --allow-fs-read=<folder of node_modules>.`
      : `Deno forbids native addons unless started with --allow-ffi --allow-read (${firstLine(denied)}).`;
  }
  const unsupported = said(/^Unsupported (OS|architecture)/i);
  if (unsupported) return `There is no native addon for ${platform}-${arch}. Linux, macOS and Windows on x64 and arm64 have one.`;

  const glibc = said(/version `?GLIBC(XX)?_[\d.]+'? not found/);
  if (glibc) return `This system's C library is older than the native addon needs (${firstLine(glibc)}). Use a newer base image.`;

  const broken = said(/invalid ELF header|wrong ELF class|cannot open shared object|Error loading shared library|not a mach-o|incompatible architecture|not a valid Win32|Error relocating|symbol not found|undefined symbol|file too short|different Node\.js version/i);
  if (broken) {
    return `The native addon was found but does not fit this system, ${platform}-${arch} (${firstLine(broken)}). `
      + 'node_modules may have been installed on another system (or another C library: musl, glibc). Run npm ci here, on the system that runs the program.';
  }
  if (said(/cannot find (native binding|module)|module not found/i)) {
    return `The native addon for ${platform}-${arch} is not installed. Optional dependencies may have been left out: run npm install without --omit=optional and without --no-optional. In a checkout of heapwatch: npm run build.`;
  }
  return `The native addon could not be loaded (${firstLine(messages[0])}).`;
}

/** @param {unknown} error */
function messagesOf(error) {
  const messages = [];
  // Deep enough for every candidate of the loader; bounded, as a chain of causes may be a circle.
  for (let current = /** @type {any} */ (error), i = 0; current != null && i < 20; current = current.cause, i += 1) {
    messages.push(`${current.code ? `${current.code}: ` : ''}${current.message ?? current}`);
  }
  return messages;
}

/** @param {string} text */
const firstLine = (text) => text.split('\n', 1)[0];

module.exports = { explainLoadFailure };
