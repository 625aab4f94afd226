/* The API reference: Swagger UI shows the published document, read-only, in a light or dark theme. */
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
colour();
dark.addEventListener("change", colour);

const nothing = () => () => null;

SwaggerUIBundle({
  url: document.getElementById("reference").dataset.document,
  dom_id: "#reference",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [
    () => ({
      wrapComponents: {
        InfoContainer: nothing,
        ServersContainer: nothing,
        authorizeBtn: nothing,
        authorizeOperationBtn: nothing,
      },
    }),
  ],
  layout: "BaseLayout",
  supportedSubmitMethods: [],
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  deepLinking: true,
});
