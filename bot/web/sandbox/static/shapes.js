/* Line drawings that take the colour of the text. */

const SHAPES = {
  phone: "M6.5 3.500h3l1.5 4-2 1.500a11 11 0 0 0 6 6l1.5-2 4 1.500v3a2 2 0 0 1-2 2A16 16 0 0 1 4.500 5.500a2 2 0 0 1 2-2Z",
  sms: "M4 5.500h16v11H10l-4 3.500v-3.500H4Zm4 4h8m-8 3.500h5",
  telegram: "m20.500 4-17 6.800 5.500 2.200 2 6 3-3.800 4.500 3.300Zm0 0L9 13",
  web: "M4 5h16v12H4Zm4.500 15h7M12 17v3M7.500 9h6m-6 3.500h3.500",
  timeline: "M6 5v14M6 7h.01M6 12h.01M6 17h.01M10.500 7H19m-8.500 5H19m-8.500 5h5",
  officer: "M12 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-7 8c.7-3.500 3.500-5.200 7-5.200s6.300 1.700 7 5.200m-9-2 2 2 3.500-3.500",
  hang: "M3.500 14.500c4.500-5 12.500-5 17 0l-2 2.500-4-1.500v-2.500a8 8 0 0 0-5 0v2.500l-4 1.500Z",
  send: "M12 19V6m-6 6 6-6 6 6",
  attach: "m20 11.500-7.800 7.800a5 5 0 0 1-7.100-7.100l8.200-8.200a3.300 3.300 0 0 1 4.700 4.700l-8.200 8.200a1.700 1.700 0 0 1-2.400-2.400l7.400-7.400",
  theme: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  fresh: "M4.500 12a7.500 7.500 0 0 1 13-5.100L20 9.500m0-5v5h-5m4.500 2.500a7.500 7.500 0 0 1-13 5.100L4 14.500m0 5v-5h5",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-9-9h18M12 3c2.500 2.500 3.700 5.500 3.700 9s-1.200 6.500-3.700 9c-2.500-2.500-3.700-5.500-3.700-9S9.500 5.500 12 3Z",
  sound: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500ZM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  silent: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500Zm12 0 5 5m0-5-5 5",
  skip: "m6 6 8 6-8 6ZM17.500 6v12",
  stop: "M7 7h10v10H7Z",
  menu: "M5 7h14M5 12h14M5 17h14",
  edit: "m5 19 1-4L16.500 4.500l3 3L9 18Z",
};

export function draw(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
