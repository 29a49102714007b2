// Comfort for the pages: every page works without it.

/** A slider over the days on which something happened. */
for (const place of document.querySelectorAll('[data-days]')) {
  const days = place.dataset.days.split(' ');
  const form = place.closest('form');
  const field = form.elements.namedItem('effectiveOn');
  const slider = Object.assign(document.createElement('input'), { type: 'range', min: 0, max: days.length, step: 1 });
  const label = document.createElement('output');
  const at = days.findLastIndex((day) => field.value !== '' && day <= field.value);
  slider.value = field.value === '' ? days.length : Math.max(0, at);
  const text = () => days[slider.value] ?? 'now';
  const show = () => (label.value = slider.ariaValueText = text());
  slider.ariaLabel = 'Days on which something happened';
  slider.addEventListener('input', show);
  slider.addEventListener('change', () => {
    field.type = 'text';
    field.value = days[slider.value] ?? '';
    form.requestSubmit();
  });
  show();
  place.append(slider, label);
  place.hidden = false;
}

/** Empty fields stay out of the address. */
for (const form of document.querySelectorAll('form[method="get"]'))
  form.addEventListener('submit', () => {
    for (const field of form.elements) if (field.name && field.value === '') field.disabled = true;
  });
// Back in the history shows the page as it was left.
addEventListener('pageshow', () => {
  for (const field of document.querySelectorAll('form[method="get"] [name]:disabled')) field.disabled = false;
});

/** The first thing that is wrong is read first. */
document.querySelector('[data-focus]')?.focus();

/** Milliseconds after which a connection that the browser gave up is tried again. */
const AGAIN_MS = 2000;
/** Live: each message of the server brings what is new of this page, and a connection that was lost resumes by itself. */
const live = document.querySelector('[data-live]');
if (live) {
  const state = document.querySelector('#live-state');
  let isAsking = false;
  let isStale = false;
  const look = async () => {
    if (isAsking) return void (isStale = true);
    isAsking = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const news = [...page.querySelectorAll('[data-live] > li')].filter(({ id }) => !document.getElementById(id));
      for (const item of news.reverse()) {
        item.classList.add('new');
        live.prepend(item);
      }
      while (live.children.length > 200) live.lastElementChild.remove();
    } catch {
      // the server is away: the next connection looks again
    } finally {
      isAsking = false;
    }
    if (isStale) {
      isStale = false;
      await look();
    }
  };
  const connect = () => {
    const source = new EventSource(live.dataset.live);
    source.addEventListener('open', () => {
      state.textContent = 'Live: events appear as they are recorded.';
      void look();
    });
    source.addEventListener('error', () => {
      state.textContent = 'The connection is lost, and is tried again.';
      // a browser gives up when it gets another answer than a stream, such as the 503 of a server that starts
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
    });
    for (const name of ['message', 'update', 'latest', 'reset', 'rows', 'day']) source.addEventListener(name, () => void look());
  };
  connect();
}
