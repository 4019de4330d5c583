/** What is to be typed before something goes: its name where that can be typed, else its number. */
export function typedName(name: string, id: number): string {
  return /^[\w.-][\w .-]{0,38}[\w.-]$/.test(name) ? name : `delete ${id}`;
}
