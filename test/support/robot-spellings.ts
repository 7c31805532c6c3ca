/** Spellings of `robot:` that somebody could take for it, or that a directory could treat as equal. */
export const ROBOT_SPELLINGS = [
  'robot:web-ci',
  'Robot:web-ci',
  'ROBOT:WEB-CI',
  ' robot:web-ci',
  'robot :web-ci',
  'ｒｏｂｏｔ:web-ci',
  'robot：web-ci',
  'robot﹕web-ci',
  'ro\u200Bbot:web-ci',
  '\uFEFFrobot:web-ci',
  'robót:web-ci',
  'robot:',
];
