const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomLength = 30; // 178 bits
const checksumLength = 6;

/** A new random secret: prefix, 30 characters of randomness, 6 of checksum, so that scanners can find it. */
export function newSecret(prefix: string): string {
  const random = Array.from({ length: randomLength }, () => {
    return alphabet[crypto.getRandomValues(new Uint32Array(1))[0]! % alphabet.length];
  }).join("");
  return prefix + random + checksum(prefix + random);
}

/** Whether a text with this prefix could be one of ours: its checksum agrees. Says nothing of its validity. */
export function isWellFormedSecret(text: string, prefix: string): boolean {
  if (!text.startsWith(prefix) || text.length !== prefix.length + randomLength + checksumLength)
    return false;
  return text.endsWith(checksum(text.slice(0, -checksumLength)));
}

function checksum(text: string): string {
  let rest = Bun.hash.crc32(text);
  let digits = "";
  for (let i = 0; i < checksumLength; i++) {
    digits = alphabet[rest % alphabet.length] + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

/** SHA-256, lower-case hex: what is stored of a secret of 128 random bits or more. */
export function hashSecret(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}
