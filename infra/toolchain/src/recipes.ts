import { etcdRecipe } from "./etcd-recipe.ts";
import type { Recipe } from "./recipe.ts";
import type { ToolName } from "./tool.ts";

export function recipeOf(tool: ToolName): Recipe {
  switch (tool) {
    case "etcd":
    case "etcdctl":
    case "etcdutl":
      return etcdRecipe(tool);
    case "redis":
    case "postgres":
      throw new Error("later");
  }
}
