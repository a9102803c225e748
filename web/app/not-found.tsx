export default function NotFound() {
  return (
    <main className="lost">
      <h1>There is no such page</h1>
      <p>
        <a href="/">Meeshy presence</a>
      </p>
    </main>
  );
}
