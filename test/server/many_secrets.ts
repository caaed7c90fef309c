// Asks for the secret a hundred times at once where there is none yet, and says each different answer.
import { secretFile } from "../../src/server/secret_file.ts";

const answers = await Promise.all(Array.from({ length: 100 }, () => secretFile()));
for (const answer of new Set(answers.map(String))) console.log(answer);
