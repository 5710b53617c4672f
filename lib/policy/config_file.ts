/** How the file is called where its name is not said. */
export const CONFIG_FILE = "mltidy.yaml";
