export default function NotFound() {
  return (
    <main className="lost">
      <h1>Page not found</h1>
      <p>
        <a href="/">Meeshy presence</a>
      </p>
    </main>
  );
}
