// Path data of the page's drawings, on a grid of 16 × 16.

export const ICONS = {
  add: "M8 3.5v9M3.5 8h9",
  camera: "M2 5h3l1-1.5h4L11 5h3v8H2zM10.5 8.8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  close: "M4 4l8 8M12 4l-8 8",
  lock: "M4.5 7.5h7v6h-7zM6 7.5V5a2 2 0 0 1 4 0v2.5",
  unlock: "M4.5 7.5h7v6h-7zM6 7.5V5a2 2 0 0 1 3.9-.6",
  minus: "M3.5 8h9",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  reset: "M3.5 6.5A5 5 0 1 1 3 9M3.5 3v3.5H7",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z",
  trash: "M3 4.5h10M6.5 4V2.8h3V4M4.5 4.5l.6 8.7h5.8l.6-8.7",
};
