"use strict";
// Small pictures under the large one. They are made here because each would be in the file twice otherwise.
for (const label of document.querySelectorAll(".thumbs label")) {
  const input = document.getElementById(label.htmlFor);
  const img = document.createElement("img");
  img.src = input.nextElementSibling.firstElementChild.src;
  img.alt = "";
  label.prepend(img);
  const mark = () => {
    for (const other of document.querySelectorAll(".thumbs label")) other.classList.toggle("on", other === label);
  };
  input.addEventListener("change", mark);
  if (input.checked) mark();
}
// The values under the pointer.
for (const plot of document.querySelectorAll(".plot")) {
  const data = JSON.parse(plot.querySelector("script").textContent);
  const svg = plot.querySelector("svg"), cursor = plot.querySelector(".cursor"), readout = plot.querySelector(".readout");
  const nearest = (steps, step) => {
    let lo = 0, hi = steps.length - 1;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (steps[mid] < step) lo = mid + 1; else hi = mid;
    }
    return lo > 0 && step - steps[lo - 1] < steps[lo] - step ? lo - 1 : lo;
  };
  const hide = () => { cursor.setAttribute("hidden", ""); readout.hidden = true; };
  const row = (color, name, value) => {
    const div = document.createElement("div"), key = document.createElement("i"), text = document.createElement("span"), b = document.createElement("b");
    div.className = "c" + color % 8;
    text.textContent = name;
    b.textContent = value;
    div.append(key, text, b);
    return div;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), unit = data.width / box.width;
    const x = (event.clientX - box.left) * unit;
    if (x < data.left - 6 || x > data.right + 6) return hide();
    const step = data.lo + (x - data.left) / (data.right - data.left) * (data.hi - data.lo);
    const at = data.series.map((s) => nearest(s.step, step));
    const steps = data.series.map((s, i) => s.step[at[i]]);
    const shown = steps.reduce((a, b) => (Math.abs(b - step) < Math.abs(a - step) ? b : a));
    const px = data.left + (shown - data.lo) / (data.hi - data.lo) * (data.right - data.left);
    cursor.setAttribute("transform", "translate(" + px + ",0)");
    cursor.removeAttribute("hidden");
    const title = document.createElement("p");
    title.textContent = "step " + shown.toLocaleString("en");
    readout.replaceChildren(title, ...data.series.map((s, i) => row(i, s.name, String(s.value[at[i]]))));
    readout.hidden = false;
    const left = px / unit + 14, over = left + readout.offsetWidth > box.width;
    readout.style.left = (over ? px / unit - 14 - readout.offsetWidth : left) + "px";
  });
  svg.addEventListener("pointerleave", hide);
}
