/** How much of each side of the stage is taken, in whole pixels, by what must not lie over a face. */
function covered(stage) {
  const all = stage.getBoundingClientRect();
  const room = { top: 0, bottom: 0, left: 0, right: 0 };
  const take = (sizes) => Object.keys(sizes).forEach((side) => { room[side] = Math.max(room[side], Math.round(sizes[side])); });
  for (const each of stage.$("notice").children) take(each.covers?.(all) ?? {});
  const box = stage.$("sheet").getBoundingClientRect();
  // On a wide stage a sheet stands beside the face; on a narrow one it takes the lower part.
  if (box.width > all.width * 0.9 && stage.$("places").hasAttribute("data-sheet")) take({ bottom: all.bottom - box.top });
  return room;
}

/** On a small stage a notice scrolls; what scrolls can be reached and moved by keys. */
function reachable(notice) {
  if (notice.scrollHeight > notice.clientHeight + 1) notice.tabIndex = 0;
  else notice.removeAttribute("tabindex");
}

/** Tells the page which room is taken whenever that changes, so that it can move the video. Returns the function that looks. */
export function publishLayout(stage) {
  let last = "";
  const look = () => {
    reachable(stage.$("notice"));
    const room = covered(stage);
    const text = JSON.stringify(room);
    if (text === last) return;
    last = text;
    stage.tell("fm-layout", room);
  };
  const watcher = new ResizeObserver(look);
  for (const box of [stage, stage.$("notice"), stage.$("sheet")]) watcher.observe(box);
  return look;
}
