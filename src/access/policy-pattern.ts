// Whether a pattern of a policy covers a text. Two pointers and one place to come back to: no text
// of a stranger becomes a regular expression, and the time is at worst the product of the lengths.

/** `*` stands for any characters or none, `?` for exactly one; every other stands for itself. */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  /** The last star met, and where the text after what it stands for begins. */
  let star = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    const wanted = pattern.charAt(at);
    if (wanted === "*") {
      star = at;
      resumeAt = textAt;
      at += 1;
    } else if (wanted === "?" || wanted === text.charAt(textAt)) {
      at += 1;
      textAt += 1;
    } else {
      if (star === -1) return false;
      // The star takes one more character, and the rest is tried from there.
      resumeAt += 1;
      textAt = resumeAt;
      at = star + 1;
    }
  }
  while (pattern.charAt(at) === "*") at += 1;
  return at === pattern.length;
}

/** The same for actions, whose letters match in either case (AWS: IAM JSON policy, Action). */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase());
}

export function hasWildcard(text: string): boolean {
  return text.includes("*") || text.includes("?");
}
