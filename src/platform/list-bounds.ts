/** Bounds of what one request leaves in the lists of recent decisions and of differences: some 10 KB. */
export const MAX_LISTED_SCOPES = 8;
export const MAX_LISTED_REASONS = 8;
