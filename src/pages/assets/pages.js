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
