import { CopyButton } from "./pieces.tsx";

/** Lines to be copied as they are: commands, files. `title` says what they are, or where they go. */
export function CodeBlock({ title, text }: { title: string; text: string }) {
  return (
    <figure className="code-block">
      <figcaption className="code-head">
        <span>{title}</span>
        <CopyButton text={text} label={`Copy`} />
      </figcaption>
      {/* Scrolled by keys where a line is too long. */}
      <pre tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </figure>
  );
}
